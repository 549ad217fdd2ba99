#!/bin/bash
#SBATCH --gres=gpu:a100_1g.5gb:1
#SBATCH --time=30:00
jupyter nbconvert --execute notebook.ipynb
