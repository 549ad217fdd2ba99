#!/bin/bash
#SBATCH -C "ib&h100&nvme"
#SBATCH --gres=gpu:8,none
#SBATCH --cpus-per-gpu=16 --mem=0
./bench
