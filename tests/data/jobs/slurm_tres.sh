#!/bin/bash
#SBATCH --tres-per-task=cpu=8,gres/gpu:l40s=2
#SBATCH --mincpus=4
#SBATCH --priority=1000
nvidia-smi
