#!/bin/bash
#SBATCH --job-name=llama-ft
#SBATCH --account=nlp-lab
#SBATCH --partition=gpu
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gres=gpu:h100:4
#SBATCH --cpus-per-task=32
#SBATCH --mem=240G
#SBATCH --time=12:00:00
#SBATCH --output=logs/%x-%j.out
#SBATCH --error=logs/%x-%j.err
#SBATCH --mail-type=END,FAIL
#SBATCH --mail-user=ada@example.org

module purge
module load cuda/12.4
source ~/envs/ft/bin/activate

torchrun --standalone --nproc_per_node=4 finetune.py --config ft.yaml
